"use strict";exports.id=817,exports.ids=[817],exports.modules={7817:((O,E,_)=>{_.d(E,{fromEnv:()=>M.g});var M=_(3799),s=_(5192),D=_(8554),P=_(8793),C=_(5289),n=_(9416),A=_(4565)})};
