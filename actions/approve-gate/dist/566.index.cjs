"use strict";exports.id=566,exports.ids=[566],exports.modules={7566:((O,E,_)=>{_.d(E,{fromEnv:()=>M.g});var M=_(772),s=_(6055),D=_(4021),P=_(3714),C=_(7162),n=_(943),A=_(938)})};
