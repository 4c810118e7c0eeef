"use strict";exports.id=108,exports.ids=[108],exports.modules={5108:((O,E,_)=>{_.d(E,{fromEnv:()=>M.g});var M=_(9030),s=_(1605),D=_(1499),P=_(8956),C=_(7084),n=_(9125),A=_(500)})};
